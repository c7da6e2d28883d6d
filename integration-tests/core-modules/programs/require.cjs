const https = require('node:https');
require('./request-once.cjs')(https, https.createServer);
