// Makes the context that the parent sent the default context of this worker or child process.
import { AsyncContextManager, contextFromEnvironment } from '@clew/core';
import { install } from '../current-trace.mjs';

install(new AsyncContextManager(contextFromEnvironment()));
