// Browsers throw where a page may not use their storage, its history or the clipboard: in frames, in files, in private
// windows, without https, or when it does so too often.

/** What is stored under this key for the tab; `undefined` if nothing is, or the browser does not allow it. */
export function recall(key: string): string | undefined {
  return allowed(() => sessionStorage.getItem(key) ?? undefined);
}

/** Stores a text for the tab, if the browser allows it. */
export function remember(key: string, text: string): void {
  allowed(() => sessionStorage.setItem(key, text));
}

/** Replaces the address without a step for the back button. Returns whether the browser allows it. */
export function replaceAddress(address: string): boolean {
  return (
    allowed(() => {
      history.replaceState(null, '', address);
      return true;
    }) ?? false
  );
}

/** Copies a text. Resolves to whether the browser allows it. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function allowed<Value>(use: () => Value): Value | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}
