import { OpenaiInstrumentation } from '@clew/instrumentation-openai';
import { versions } from '../../packages/instrumentation-openai/test/versions.ts';
import { type Behaviour, startModelServer } from '../generative-ai/model-server.ts';
import type { Leg } from './leg.ts';

/** What the server does for each fault. */
const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  none: 'normal',
  busy: 'busy',
  refused: 'refuses',
  reset: 'resets',
  cancelled: 'hangs',
  left: 'hangs',
  'generator left': 'hangs',
};

/** Streams of a language model. */
export async function modelLeg(): Promise<Leg> {
  const [, openai] = versions.at(-1)!;
  const plugin = new OpenaiInstrumentation();
  plugin.instrument(openai);
  const models = await startModelServer();

  async function* texts(fault: string, id: number, signal: AbortSignal) {
    const baseURL = models.urlOf(BEHAVIOURS[fault]!, id);
    const client = new openai.OpenAI({ apiKey: 'key', logLevel: 'off', baseURL });
    const messages = [{ role: 'user' as const, content: 'hello' }];
    const stream = await client.chat.completions.create(
      { model: 'gpt-5', messages, stream: true },
      { signal },
    );
    for await (const chunk of stream) {
      if (fault === 'left') return;
      yield chunk;
    }
  }

  return {
    faults: {
      none: ['CLIENT chat gpt-5: complete'],
      busy: ['CLIENT chat gpt-5: complete'],
      refused: ['CLIENT chat gpt-5: failed rate_limit_exceeded'],
      reset: ['CLIENT chat gpt-5: failed TypeError'],
      cancelled: ['CLIENT chat gpt-5: cancelled'],
      left: ['CLIENT chat gpt-5: abandoned'],
      'generator left': ['CLIENT chat gpt-5: abandoned'],
    },
    open: async () => {},
    async call(fault, id) {
      const aborting = new AbortController();
      for await (const _text of texts(fault, id, aborting.signal)) {
        if (fault === 'cancelled') aborting.abort();
        // This leaves the generator above in the middle of its own loop.
        if (fault === 'generator left') break;
      }
    },
    async close() {
      plugin.disable();
      await models.close();
    },
  };
}
