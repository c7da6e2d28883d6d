// Calls of clients that are published as ES modules, without tracing code. MODEL_URL responds to all requests.
import Anthropic from '@anthropic-ai/sdk';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { GoogleGenAI } from '@google/genai';
import { Client, InMemoryTransport } from '@modelcontextprotocol/client';
import { McpServer } from '@modelcontextprotocol/server';
import OpenAI from 'openai';

const { MODEL_URL } = process.env;
const apiKey = 'none';

const openai = new OpenAI({ apiKey, baseURL: `${MODEL_URL}/v1` });
await openai.chat.completions.create({ model: 'gpt-5', messages: [{ role: 'user', content: 'Hello' }] });

const anthropic = new Anthropic({ apiKey, baseURL: MODEL_URL });
const messages = [{ role: 'user', content: 'Hello' }];
await anthropic.messages.create({ model: 'claude-opus-4-1', max_tokens: 10, messages });

const google = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: MODEL_URL } });
await google.models.generateContent({ model: 'gemini-3', contents: 'Hello' });

const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 's3cr3t' };
const dynamodb = new DynamoDBClient({ endpoint: MODEL_URL, region: 'us-east-1', credentials });
await dynamodb.send(new ListTablesCommand({}));
dynamodb.destroy();

const server = new McpServer({ name: 'songs', version: '1.0.0' });
server.registerTool('sing', {}, () => ({ content: [{ type: 'text', text: 'La la' }] }));
const client = new Client({ name: 'singer', version: '1.0.0' });
const [here, there] = InMemoryTransport.createLinkedPair();
await Promise.all([server.connect(there), client.connect(here)]);
const { content } = await client.callTool({ name: 'sing' });
await client.close();
console.log(content[0].text);
