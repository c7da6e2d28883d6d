import { useEffect, useState } from 'preact/hooks';
import { filterFromParameters, filterToParameters, type TraceFilter } from '../src/trace-filter.ts';
import { replaceAddress } from './browser-access.ts';

/** What the page shows; kept in the fragment of its address, so that the back button and bookmarks work. */
export type PageRoute =
  | { readonly view: 'list' | 'map'; readonly filter: TraceFilter }
  | { readonly view: 'trace'; readonly id: string; readonly span?: string }
  | { readonly view: 'compare'; readonly before: string; readonly after: string }
  | { readonly view: 'change'; readonly before: TraceFilter; readonly after: TraceFilter };

/** The address of a view. */
export function addressOf(route: PageRoute): string {
  switch (route.view) {
    case 'trace':
      return `#/trace/${route.id}${route.span === undefined ? '' : `?span=${route.span}`}`;
    case 'compare':
      return `#/compare/${route.before}/${route.after}`;
    case 'change':
      return `#/change?${new URLSearchParams({
        before: String(filterToParameters(route.before)),
        after: String(filterToParameters(route.after)),
      })}`;
    default: {
      const query = String(filterToParameters(route.filter));
      return `#/${route.view === 'map' ? 'map' : ''}${query === '' ? '' : `?${query}`}`;
    }
  }
}

/** Reads an address; shows the list for one that is not valid. */
export function routeOf(address: string): PageRoute {
  const [path = '', query = ''] = address.replace(/^#/, '').split(/\?(.*)/s);
  const parameters = new URLSearchParams(query);
  const [, view, first, second] = path.split('/');
  if (view === 'trace' && isId(first)) {
    const span = parameters.get('span') ?? '';
    return { view: 'trace', id: first, ...(/^[0-9a-f]{16}$/.test(span) && { span }) };
  }
  if (view === 'compare' && isId(first) && isId(second))
    return { view: 'compare', before: first, after: second };
  if (view === 'change') {
    const filterIn = (name: string) => filterOf(new URLSearchParams(parameters.get(name) ?? ''));
    return { view: 'change', before: filterIn('before'), after: filterIn('after') };
  }
  return { view: view === 'map' ? 'map' : 'list', filter: filterOf(parameters) };
}

function isId(text: string | undefined): text is string {
  return text !== undefined && /^[0-9a-f]{4,32}$/.test(text);
}

function filterOf(parameters: URLSearchParams): TraceFilter {
  try {
    return filterFromParameters(parameters);
  } catch {
    return {};
  }
}

/** The current route, and whenever it changes. */
export function usePageRoute(): PageRoute {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useEffect(() => {
    const onChange = () => setRoute(routeOf(location.hash));
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return route;
}

/** Shows another view. `replace` leaves no step for the back button. */
export function go(route: PageRoute, replace = false): void {
  const address = addressOf(route);
  if (!replace) location.hash = address;
  else if (replaceAddress(address)) dispatchEvent(new HashChangeEvent('hashchange'));
}
