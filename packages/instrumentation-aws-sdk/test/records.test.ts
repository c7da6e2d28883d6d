// The context in the data of Kinesis's records.
import { Buffer } from 'node:buffer';
import { callerSpan, injected, recordSpans, within } from '@clew/testing';
import { context } from '@opentelemetry/api';
import { SENDING } from '../src/propagation/sent-context.ts';

const recorder = recordSpans();
const { PutRecord, PutRecords } = SENDING.Kinesis;

async function written(data: readonly unknown[]) {
  const span = callerSpan('caller');
  const input = Object.freeze({ Records: data.map((Data) => Object.freeze({ Data, PartitionKey: 'k' })) });
  const output = within(span, () => PutRecords!(input, context.active())) as typeof input;
  const one = within(span, () => PutRecord!({ Data: data[0] }, context.active()));
  const headers = within(span, () => injected());
  span.end();
  await recorder.take(1);
  return { data: output.Records.map(({ Data }) => Data), one: one.Data, headers };
}

test('a JSON object in a record gets the context as its first member', async () => {
  const { data, one, headers } = await written([Buffer.from(' {"id": 1}'), new TextEncoder().encode('{}')]);
  const _context = JSON.stringify(headers);
  const texts = data.map((each) => Buffer.from(each as Uint8Array).toString());
  expect(texts).toEqual([` {"_context":${_context},"id": 1}`, `{"_context":${_context}}`]);
  expect(String(one)).toBe(texts[0]);
});

test('any other data stays the same object', async () => {
  const given = [
    Buffer.from('{"a":1}\n{"a":2}'),
    Buffer.from('[1]'),
    Buffer.from('text'),
    // Truncated UTF-8, whose replacement has as many bytes.
    Buffer.from([...Buffer.from('{"a":"'), 0xf0, 0x9f, 0x98, ...Buffer.from('"}')]),
    Buffer.from([0xf3, 0x89, 0x9a, 0xc2]),
    new Uint8Array(),
    Buffer.from(`{"a":"${'x'.repeat(1_048_576 - 8)}"}`),
    'text',
    undefined,
  ];
  const { data } = await written(given);
  for (const [index, each] of data.entries()) expect(each).toBe(given[index]);
});
