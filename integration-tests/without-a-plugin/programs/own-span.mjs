import { lookUp } from './look-up.mjs';

await lookUp({ search: async (name) => name }, 'clew');
await lookUp({ search: async () => Promise.reject(new RangeError('no server')) }, 'clew').catch(() => {});
