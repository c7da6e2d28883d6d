const https = process.getBuiltinModule('node:https');
require('./request-once.cjs')(https, https.createServer);
