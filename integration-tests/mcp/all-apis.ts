import { apiOf1 } from './api1.ts';
import { apiOf2 } from './api2.ts';
import type { Api } from './apis.ts';

export const apis: readonly Api[] = [apiOf1('@modelcontextprotocol/sdk'), apiOf1('mcp-sdk-1.10'), apiOf2()];
