const http2 = require('node:http2');
const https = require('node:https');
require('./talk.cjs')(https, http2.createSecureServer);
