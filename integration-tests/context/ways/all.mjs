// The table of the suite: how Node programs hand work on, and what each way needs.
//
// way      what it is called
// needs    what carries the context where AsyncLocalStorage does not (absent: it follows), with the reason
// sync     whether all of it happens before `hand` returns: these follow with the manager `stack` too
// skip     why it can't be tried here
// open     makes what the requests share, outside of any request; close takes it down
// hand     hands `work` on from inside a request and is done when it has been called; `report` takes a trace
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

export const rooms = {
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
