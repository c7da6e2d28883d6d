/** How a value has changed: as a bar to the left for less, to the right for more, and in per cent. */
export function Difference({ before, after }: { readonly before: number; readonly after: number }) {
  if (before === after) return <span class="quiet">same</span>;
  const change = before === 0 ? Number.POSITIVE_INFINITY : after / before - 1;
  const share = Math.min(1, Math.abs(change));
  const text =
    before === 0 ? 'new' : after === 0 ? 'gone' : `${change > 0 ? '+' : '−'}${percent(Math.abs(change))}`;
  return (
    <span class={change > 0 ? 'change more' : 'change less'}>
      <span class="track">
        <span class="fill" style={{ width: `${share * 50}%` }} />
      </span>
      {text}
    </span>
  );
}

function percent(change: number): string {
  return change >= 10 ? `×${(change + 1).toFixed(0)}` : `${(100 * change).toFixed(change < 0.1 ? 1 : 0)} %`;
}
