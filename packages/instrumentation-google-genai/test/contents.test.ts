// What the plugin reads from requests and chunks of an unexpected shape.
import { recordSpans } from '@clew/testing';
import { contentReader } from '../src/contents.ts';
import { GoogleGenaiInstrumentation } from '../src/index.ts';
import { versions } from './versions.ts';

const recorder = recordSpans();

test('candidates with an index that is too large are ignored', () => {
  const collector = contentReader.collector(false);
  for (const index of [30_000_000, -1, 0.5])
    collector.add({ candidates: [{ index, finishReason: 'OTHER' }] });
  collector.add({ candidates: [{ finishReason: 'STOP' }] });
  expect(collector.response().finishReasons).toEqual(['STOP']);
});

test('a part without text has the type of its data, and nothing of the data', () => {
  const parts = [
    { inlineData: { data: 's3cr3t' } },
    { fileData: { fileUri: 's3cr3t' } },
    { executableCode: { code: 's3cr3t' } },
    { codeExecutionResult: { output: 's3cr3t' } },
    { videoMetadata: 's3cr3t' },
  ];
  const { output } = contentReader.result({ candidates: [{ content: { parts } }] });
  expect(output?.()[0]?.parts).toEqual(
    ['blob', 'uri', 'executable_code', 'code_execution_result', 'unknown'].map((type) => ({ type })),
  );
});

test.each(versions)(
  '%s: a call without a request fails with the error of the client',
  async (_name, genai) => {
    const { prototype } = genai.Models as unknown as {
      prototype: { generateContentInternal(): Promise<unknown> };
    };
    const { models } = new genai.GoogleGenAI({ apiKey: 'key' });
    const send = () =>
      Reflect.apply(prototype.generateContentInternal, models, []).then(String, (error) => error.message);
    const expected = await send();
    const plugin = new GoogleGenaiInstrumentation();
    plugin.instrument(genai);
    const message = await send();
    plugin.disable();
    expect(message).toBe(expected);
    expect((await recorder.take(1))[0]?.name).toBe('generate_content');
  },
);
