import { recordSpans } from '@clew/testing';
import { OpenaiInstrumentation } from '../src/index.ts';
import { completion, versions } from './versions.ts';

const recorder = recordSpans();

test.each(versions)('%s: the IPv6 address of a server has no brackets', async (_name, openai) => {
  const plugin = new OpenaiInstrumentation();
  plugin.instrument(openai);
  try {
    for (const baseURL of ['http://[::1]:8080/v1', 'https://[2001:db8::1]/v1']) {
      const client = new openai.OpenAI({
        apiKey: 'key',
        baseURL,
        fetch: async () => Response.json(completion),
      });
      await client.chat.completions.create({ model: 'gpt-5', messages: [] });
    }
  } finally {
    plugin.disable();
  }
  const servers = (await recorder.take(2)).map(({ attributes }) => [
    attributes['server.address'],
    attributes['server.port'],
  ]);
  expect(servers).toEqual([
    ['::1', 8080],
    ['2001:db8::1', 443],
  ]);
});
