// A server over stdio with @modelcontextprotocol/sdk. The tool makes a span and asks the client for a completion.
const { Server } = require('@modelcontextprotocol/sdk/server/index.js');
const { StdioServerTransport } = require('@modelcontextprotocol/sdk/server/stdio.js');
const { CallToolRequestSchema, CreateMessageResultSchema } = require('@modelcontextprotocol/sdk/types.js');
const { answer } = require('./answer.cjs');

const server = new Server({ name: 'weather', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler(CallToolRequestSchema, (_request, extra) =>
  answer((request) => extra.sendRequest(request, CreateMessageResultSchema)),
);
void server.connect(new StdioServerTransport());
