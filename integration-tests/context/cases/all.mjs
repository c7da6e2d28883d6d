// The cases of the suite: how Node.js applications pass work on, and what keeps the context in each case.
//
// name         what the table in docs/context.md calls the case
// needs        the function that keeps the context if AsyncLocalStorage does not, and `reason`; absent: it is kept
// sync         whether everything happens before `run` returns: then the manager `stack` keeps the context, too
// skip         why the case cannot be tested on this machine
// open         creates what the requests share, outside of any request; `close` releases it
// run          passes `work` on from inside a request, and resolves when `work` has been called; `report` takes a trace
//              ID that another thread or process has seen
// runWithHelp  the same with the function that `needs` names; if it is absent, `work` itself is bound
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
