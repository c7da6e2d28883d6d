/** The host and port of a server. */
export interface UrlServer {
  /** A name or an IP address without brackets; `undefined` for a URL without a host. */
  readonly address: string | undefined;
  /** `undefined` if the URL has none, which means the default port of its scheme. */
  readonly port: number | undefined;
}

/**
 * The server that a URL names. A URL has brackets around an IPv6 address, and `server.address` has none.
 *
 * @example
 * urlServer(new URL('postgres://[::1]:5432/shop')); // { address: '::1', port: 5432 }
 */
export function urlServer({
  hostname,
  port,
}: {
  readonly hostname: string;
  readonly port: string;
}): UrlServer {
  return {
    address: withoutBrackets(hostname) || undefined,
    port: Number(port) > 0 ? Number(port) : undefined,
  };
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
