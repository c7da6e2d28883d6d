/**
 * A route behind the path that its router is mounted at: `joinRoute('/shop', '/orders/:id')` is
 * `/shop/orders/:id`. The root of a mount is the mount itself, that of the application is `/`.
 */
export function joinRoute(mount: string, path: string): string {
  const base = mount.endsWith('/') ? mount.slice(0, -1) : mount;
  if (path === '' || path === '/') return base === '' ? '/' : base;
  return path.startsWith('/') ? base + path : `${base}/${path}`;
}
