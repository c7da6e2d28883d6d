// The suites of @clew/testing, which every plugin must pass, and an adapter that describes how to use the library.
import { join } from 'node:path';
import { clientSuite, manifestSuite, sdkFetch } from '@clew/testing';
import library from '__library__';
import { __Name__Instrumentation } from '../src/index.js';

const folder = join(import.meta.dirname, '..');

manifestSuite(folder, { __Name__Instrumentation });

clientSuite({
  name: '__library__',
  // Replace: the name and attributes of the span of `call`, the name of that of `stream`, and `error.type` of a failure.
  span: { name: '__library__/getSong', attributes: {} },
  streamName: '__library__/playSong',
  failureType: 'NOT_FOUND',
  // Whether the library sends a request again.
  retries: true,
  // What the library does not have, with a reason. The tests for it are skipped.
  lacks: {
    tee: 'a stream has one consumer',
    callWithToken: 'there is no token',
    lazy: 'a request is sent at once',
    refused: 'all errors are rejections',
  },
  instrument: (options) => {
    const instance = new __Name__Instrumentation(options);
    instance.instrument(library);
    return instance;
  },
  // Replace: the functions that the plugin patches.
  functions: () => [
    library.Client.prototype.send,
    library.Client.prototype.retry,
    library.Queue.prototype.add,
  ],
  // Replace: a client that sends its requests with `transport`, here through a `fetch` that you give it.
  open: async (transport) => {
    const client = new library.Client({
      fetch: sdkFetch(transport, {
        result: { title: 'Ariadne' },
        failure: { code: 'NOT_FOUND' },
        // The status of a response after which the library sends the request again.
        busyStatus: 429,
        chunk: (index) => `data: ${index}\n\n`,
      }),
    });
    return {
      call: (options) => client.send('getSong', options),
      stream: (options) => client.send('playSong', { ...options, stream: true }),
      pages: (count) => client.pages(count),
    };
  },
});
