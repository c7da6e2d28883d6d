import { OpenaiInstrumentation } from '../src/index.ts';
import type { Client, Openai } from './versions.ts';

/** Runs `work` with a client whose requests get these responses in turn. */
export async function connected<T>(
  openai: Openai,
  responses: readonly (() => Response)[],
  work: (client: Client) => Promise<T>,
  options: object = {},
): Promise<T> {
  const plugin = new OpenaiInstrumentation(options);
  plugin.instrument(openai);
  const left = [...responses];
  const client = new openai.OpenAI({
    apiKey: 'sk-s3cr3t',
    logLevel: 'off',
    fetch: async () => (left.shift() as () => Response)(),
  });
  try {
    return await work(client);
  } finally {
    plugin.disable();
  }
}

/** A response with JSON. */
export const json =
  (body: object, status = 200) =>
  () =>
    Response.json(body, { status });

/** A response with the text of server-sent events. */
export const sse = (text: string) => () =>
  new Response(text, { headers: { 'content-type': 'text/event-stream' } });
