import { tracingChannel } from 'node:diagnostics_channel';

const channel = tracingChannel('tinydb:query');
const query = async (text) => {
  if (text === '') throw new RangeError('empty');
};
await channel.tracePromise(query, {}, undefined, 'SELECT 1');
await channel.tracePromise(query, {}, undefined, '').catch(() => {});
