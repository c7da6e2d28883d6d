import { init } from '@clew/node';
import talk from './talk.cjs';

init();
const https = await import('node:https');
talk(https, https.createServer);
