import * as https from 'node:https';
import { init } from '@clew/node';
import talk from './talk.cjs';

init();
talk(https, https.createServer);
