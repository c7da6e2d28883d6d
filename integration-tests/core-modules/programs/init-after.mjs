import * as https from 'node:https';
import { init } from '@clew/node';
import requestOnce from './request-once.cjs';

init();
requestOnce(https, https.createServer);
