const https = require('node:https');
require('./talk.cjs')(https, https.createServer);
