import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { currentSpanId } from '@clew/testing';
import { from, to } from 'pg-copy-streams';
import { asCaller, queriesOf, tracePostgres } from './postgres-traced.ts';

const { recorder, connect } = tracePostgres();

test('streams of pg-copy-streams are one span each, and their listeners run in the context of the query', async () => {
  const client = await connect();
  await client.query('CREATE TEMPORARY TABLE songs (title text)');
  recorder.reset();
  const { id } = await asCaller(async () => {
    const writing = client.query(from('COPY songs FROM STDIN'));
    const finished = new Promise((resolve) => writing.on('finish', () => resolve(currentSpanId())));
    await pipeline(Readable.from(['Ariadne\n', 'Theseus\n']), writing);
    expect(await finished).toBe(currentSpanId());
    const reading = client.query(to('COPY songs TO STDOUT'));
    const ended = new Promise((resolve) => reading.on('end', () => resolve(currentSpanId())));
    expect(await text(reading)).toBe('Ariadne\nTheseus\n');
    expect(await ended).toBe(currentSpanId());
  });
  const copies = queriesOf(await recorder.take(3));
  expect(copies.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([
    ['COPY songs', id],
    ['COPY songs', id],
  ]);
});

test('a copy that fails is a span with the error', async () => {
  const client = await connect();
  await client.query('CREATE TEMPORARY TABLE songs (title text)');
  recorder.reset();
  const reading = client.query(to('COPY missing TO STDOUT'));
  await expect(text(reading)).rejects.toMatchObject({ code: '42P01' });
  const writing = client.query(from('COPY songs FROM STDIN'));
  await expect(pipeline(Readable.from(['too\tmany\n']), writing)).rejects.toMatchObject({ code: '22P04' });
  const spans = await recorder.take(2);
  expect(spans.map(({ attributes }) => attributes['db.response.status_code'])).toEqual(['42P01', '22P04']);
});
