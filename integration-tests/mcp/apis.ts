import type { McpInstrumentation } from '@clew/instrumentation-mcp';

export type Plugin = InstanceType<typeof McpInstrumentation>;

/** What a tool may use while it runs. */
export interface ToolControl {
  readonly signal: AbortSignal;
  /** The `_meta` of the request, as the SDK passes it to handlers. */
  readonly meta: Record<string, unknown> | undefined;
  progress(progress: number): Promise<void>;
  log(data: string): Promise<void>;
  /** Asks the client for a completion of its model. */
  sample(): Promise<unknown>;
}

export type Tool = (args: Record<string, unknown>, control: ToolControl) => unknown;

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeout?: number;
  readonly onprogress?: (progress: { readonly progress: number }) => void;
}

export interface Params {
  readonly name: string;
  readonly arguments?: Record<string, unknown>;
  readonly _meta?: Record<string, unknown>;
}

/** One end of a connection, in all versions. */
export interface End {
  connect(transport: object): Promise<void>;
  close(): Promise<void>;
  onerror?: (error: Error) => void;
  readonly transport?: { onmessage?: (message: unknown, extra?: unknown) => void };
}

export interface Client extends End {
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>;
  readResource(params: { readonly uri: string }): Promise<unknown>;
  getPrompt(params: { readonly name: string }): Promise<unknown>;
  listPrompts(): Promise<unknown>;
  ping(): Promise<unknown>;
}

export interface Listening {
  readonly url: URL;
  close(): Promise<void>;
}

/** One version of the SDK. */
export interface Api {
  readonly name: string;
  /** The classes that the plugin patches: one, or that of the client and that of the server. */
  readonly protocols: readonly { readonly prototype: Record<string, (...args: never[]) => unknown> }[];
  /** Patches the SDK without module hooks. */
  instrument(plugin: Plugin): void;
  newServer(tool: Tool): End;
  /** `sample` answers requests of the server for a completion. */
  newClient(sample?: () => unknown): Client;
  call(client: Client, params: Params, options?: CallOptions): Promise<Record<string, unknown>>;
  memory(): [object, object];
  stdio(command: string, args: readonly string[], env: Record<string, string>): object;
  http(url: URL): object;
  /** Serves MCP over streamable HTTP, a server for each session. */
  listen(newServer: () => End): Promise<Listening>;
}

export type Constructor = new (...args: unknown[]) => object;

/** What a module of the SDK exports. */
export type Exports = Readonly<Record<string, unknown>>;
