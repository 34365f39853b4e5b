// The official Node SDK on the documented calls; prints what it saw as one JSON object.
import OpenAI from "openai";

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey });
const model = "gemini-2.0-flash";

const chat = await client.chat.completions.create({
  model,
  messages: [
    { role: "system", content: "Sen yardımcı bir asistansın." },
    { role: "user", content: "Python'da liste nasıl oluşturulur?" },
  ],
  max_tokens: 20,
});

const pieces = [];
const stream = await client.chat.completions.create({
  model,
  messages: [{ role: "user", content: "Kısa bir hikaye yaz" }],
  stream: true,
  max_tokens: 20,
});
for await (const chunk of stream) pieces.push(chunk.choices[0]?.delta?.content ?? "");

const response = await client.responses.create({ model, input: "Merhaba", max_output_tokens: 20 });
const said = client.responses.stream({ model, input: "Merhaba", max_output_tokens: 20 });
const final = await said.finalResponse();

const embedding = await client.embeddings.create({
  model: "text-embedding-004",
  input: "Merhaba dünya, bu bir test metnidir.",
});
const models = await client.models.list();

const failure = async (call) => {
  try {
    await call();
    return "no error";
  } catch (error) {
    return error.constructor.name;
  }
};
const hello = [{ role: "user", content: "Merhaba" }];
const stranger = new OpenAI({ baseURL, apiKey: "pk_live_nonsense" });

console.log(
  JSON.stringify({
    content: chat.choices[0].message.content,
    total: chat.usage.total_tokens,
    pieces: pieces.filter((piece) => piece).length,
    text: pieces.join(""),
    responses: [response.output_text, final.output_text],
    dimensions: embedding.data[0].embedding.length,
    models: models.data.map((entry) => entry.id),
    errors: [
      await failure(() => stranger.models.list()),
      await failure(() => client.chat.completions.create({ model: "none", messages: hello })),
      await failure(() => client.chat.completions.create({ model, messages: [] })),
    ],
  }),
);
