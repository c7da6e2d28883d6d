import { otlpProtobuf } from '../src/otlp-protobuf.ts';

const scope = { name: 'shop' };
const batch = (bytes: number, spare?: Buffer) =>
  otlpProtobuf.assemble({}, [{ scope, spans: Buffer.alloc(bytes, 1) }], spare);

test('a full batch is made in the memory of one that was a few bytes smaller', () => {
  const first = batch(983_000);
  const second = batch(983_040, Buffer.from(first.buffer));
  expect(second.buffer).toBe(first.buffer);
  expect(second).toEqual(batch(983_040));
});

test('a batch that does not fit gets memory of its own', () => {
  const first = batch(10_000);
  const second = batch(20_000, Buffer.from(first.buffer));
  expect(second.buffer).not.toBe(first.buffer);
  expect(second).toEqual(batch(20_000));
});
