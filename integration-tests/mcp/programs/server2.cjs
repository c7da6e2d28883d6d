// The same as server1.cjs, with @modelcontextprotocol/server.
const { Server } = require('@modelcontextprotocol/server');
const { StdioServerTransport } = require('@modelcontextprotocol/server/stdio');
const { answer } = require('./answer.cjs');

const server = new Server({ name: 'weather', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler('tools/call', (_request, { mcpReq }) => answer((request) => mcpReq.send(request)));
void server.connect(new StdioServerTransport());
