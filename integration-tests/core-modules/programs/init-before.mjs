import { init } from '@clew/node';
import requestOnce from './request-once.cjs';

init();
const https = await import('node:https');
requestOnce(https, https.createServer);
