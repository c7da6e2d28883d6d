const http2 = require('node:http2');
const https = require('node:https');
require('./request-once.cjs')(https, http2.createSecureServer);
