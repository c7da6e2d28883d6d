// The cases of the suite: how Node.js applications pass work on, and what keeps the context in each case.
//
// way      the name of the case
// needs    what keeps the context if AsyncLocalStorage does not, and the reason; absent: the context is kept
// sync     whether everything happens before `hand` returns: then the manager `stack` keeps the context, too
// skip     why the case cannot be tested here
// open     creates what the requests share, outside of any request; `close` releases it
// hand     passes `work` on from inside a request and resolves when it has been called; `report` takes a trace id
//          that was seen in another thread or process
// helped   the same with the help that is needed; without it, `work` itself is bound
import events from './events.mjs';
import language from './language.mjs';
import pools from './pools.mjs';
import processes from './processes.mjs';
import queues from './queues.mjs';
import requests from './requests.mjs';
import responses from './responses.mjs';
import streams from './streams.mjs';
import threads from './threads.mjs';
import timers from './timers.mjs';

export const groups = {
  language,
  timers,
  events,
  streams,
  requests,
  responses,
  queues,
  pools,
  threads,
  processes,
};
