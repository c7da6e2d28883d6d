import { useMemo } from 'preact/hooks';
import { ChangeView } from './change-view.tsx';
import { CompareView } from './compare-view.tsx';
import { embeddedTrace } from './data-source.ts';
import { ListView } from './list-view.tsx';
import { MapView } from './map-view.tsx';
import { addressOf, type PageRoute, usePageRoute } from './page-route.ts';
import { LoadedTrace, TraceView } from './trace-view.tsx';

/** The page: a trace that it contains, or what its address names. */
export function App() {
  const embedded = useMemo(embeddedTrace, []);
  const route = usePageRoute();
  if (embedded !== undefined) {
    return <TraceView trace={embedded} spanId={route.view === 'trace' ? route.span : undefined} />;
  }
  return (
    <>
      <Navigation route={route} />
      <View route={route} />
    </>
  );
}

function View({ route }: { readonly route: PageRoute }) {
  switch (route.view) {
    case 'trace':
      return <LoadedTrace id={route.id} spanId={route.span} />;
    case 'compare':
      return <CompareView before={route.before} after={route.after} />;
    case 'change':
      return <ChangeView before={route.before} after={route.after} />;
    case 'map':
      return <MapView filter={route.filter} />;
    case 'list':
      return <ListView filter={route.filter} />;
  }
}

function Navigation({ route }: { readonly route: PageRoute }) {
  const filter = 'filter' in route ? route.filter : {};
  const links = [
    ['list', 'Traces'],
    ['map', 'Services'],
  ] as const;
  return (
    <nav>
      <strong>clew</strong>
      {links.map(([view, label]) => (
        <a
          key={view}
          href={addressOf({ view, filter })}
          aria-current={route.view === view ? 'page' : undefined}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}
