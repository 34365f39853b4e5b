// The Vercel AI SDK with tools, whole and streamed; prints what it saw as one JSON object.
import { generateText, isStepCount, jsonSchema, stepCountIs, streamText, tool } from "ai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";

const [baseURL, apiKey, ...models] = process.argv.slice(2);
const provider = createOpenAICompatible({ name: "hedgerow", baseURL, apiKey, includeUsage: true });
const steps = isStepCount ?? stepCountIs;

const repeat = (called) =>
  tool({
    description: "Says it again.",
    inputSchema: jsonSchema({
      type: "object",
      properties: { text: { type: "string" } },
      required: ["text"],
    }),
    execute: async ({ text }) => {
      called.push(text);
      return `again: ${text}`;
    },
  });

const seen = [];
for (const name of models) {
  const model = provider(name);
  const called = [];
  const whole = await generateText({
    model,
    prompt: "Please repeat something",
    tools: { repeat: repeat(called) },
    stopWhen: steps(3),
  });
  const streamed = streamText({
    model,
    prompt: "Please repeat something",
    tools: { repeat: repeat(called) },
    stopWhen: steps(3),
  });
  let pieces = 0;
  for await (const _ of streamed.textStream) pieces += 1;
  seen.push({
    name,
    called: called.length,
    text: whole.text.length,
    steps: whole.steps.length,
    finish: whole.finishReason,
    pieces,
    tokens: (await streamed.usage).totalTokens,
  });
}
console.log(JSON.stringify(seen));
