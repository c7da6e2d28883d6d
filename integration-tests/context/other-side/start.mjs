// How a worker or a child process begins: what its parent handed over is current wherever nothing else is.
import { AsyncContextManager, contextFromEnvironment } from '@clew/core';
import { install } from '../trace-of.mjs';

install(new AsyncContextManager(contextFromEnvironment()));
