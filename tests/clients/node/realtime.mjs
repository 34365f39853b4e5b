// The official Node SDK in a realtime session, as in a browser; prints what it heard as one JSON object.
import OpenAI from "openai";
import { OpenAIRealtimeWebSocket } from "openai/realtime/websocket";
import { WebSocket } from "ws";

globalThis.WebSocket ??= WebSocket;
const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey });
// The SDK always asks for wss; without a proxy for TLS in front, the gateway speaks plain HTTP.
const onURL = (url) => (url.protocol = "ws");
const props = { model: "gpt-4o-mini", dangerouslyAllowBrowser: true, onURL };
const session = new OpenAIRealtimeWebSocket(props, client);

const kinds = [];
let text = "";
session.on("event", (event) => {
  kinds.push(event.type);
  if (event.type === "response.output_text.delta") text += event.delta;
  if (event.type === "session.created") {
    const content = [{ type: "input_text", text: "Merhaba" }];
    const item = { type: "message", role: "user", content };
    session.send({ type: "conversation.item.create", item });
    session.send({ type: "response.create" });
  }
  if (event.type === "response.done") session.close();
});
session.on("error", (error) => {
  console.error(error);
  process.exitCode = 1;
});
session.socket.addEventListener("close", ({ code }) => {
  console.log(JSON.stringify({ kinds, text, code }));
});
