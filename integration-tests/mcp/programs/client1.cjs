// A client over stdio with @modelcontextprotocol/sdk; SERVER is the file of the server.
const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { StdioClientTransport } = require('@modelcontextprotocol/sdk/client/stdio.js');
const { CreateMessageRequestSchema } = require('@modelcontextprotocol/sdk/types.js');
const { complete, exchange } = require('./exchange.cjs');

const client = new Client({ name: 'assistant', version: '1.0.0' }, { capabilities: { sampling: {} } });
client.setRequestHandler(CreateMessageRequestSchema, complete);
void exchange(client, StdioClientTransport);
