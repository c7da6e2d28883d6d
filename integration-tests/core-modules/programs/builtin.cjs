const https = process.getBuiltinModule('node:https');
require('./talk.cjs')(https, https.createServer);
