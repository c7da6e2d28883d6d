// The same as client1.cjs, with @modelcontextprotocol/client.
const { Client } = require('@modelcontextprotocol/client');
const { StdioClientTransport } = require('@modelcontextprotocol/client/stdio');
const { complete, exchange } = require('./exchange.cjs');

const client = new Client({ name: 'assistant', version: '1.0.0' }, { capabilities: { sampling: {} } });
client.setRequestHandler('sampling/createMessage', complete);
void exchange(client, StdioClientTransport);
