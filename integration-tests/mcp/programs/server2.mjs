// The same as server2.cjs, as an ES module.
import { Server } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { answer } from './answer.cjs';

const server = new Server({ name: 'weather', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler('tools/call', (_request, { mcpReq }) => answer((request) => mcpReq.send(request)));
await server.connect(new StdioServerTransport());
