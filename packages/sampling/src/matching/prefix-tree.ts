/** An edge of the tree: the characters that follow, and what is below them. */
interface Node<T> {
  label: string;
  readonly items: T[];
  readonly children: Map<number, Node<T>>;
}

/**
 * Finds the items whose prefix a text starts with, in time that is linear in the longest of them. Each edge holds several
 * characters, so that there are at most two nodes for each prefix.
 */
export class PrefixTree<T> {
  readonly #root: Node<T> = { label: '', items: [], children: new Map() };

  add(prefix: string, item: T): void {
    let node = this.#root;
    let rest = prefix;
    while (rest !== '') {
      const child = node.children.get(rest.charCodeAt(0));
      if (child === undefined) {
        const leaf = { label: rest, items: [], children: new Map() };
        node.children.set(rest.charCodeAt(0), leaf);
        node = leaf;
        break;
      }
      const shared = sharedLength(rest, child.label);
      node = shared === child.label.length ? child : split(node, child, shared);
      rest = rest.slice(shared);
    }
    node.items.push(item);
  }

  /** Writes the items whose prefix the text starts with from `count` on; returns the new count. */
  collect(text: string, into: T[], count: number): number {
    let node = this.#root;
    let at = 0;
    let found = count;
    for (;;) {
      const { items } = node;
      for (let i = 0; i < items.length; i++) into[found++] = items[i]!;
      if (at === text.length) return found;
      const child = node.children.get(text.charCodeAt(at));
      if (child === undefined || !text.startsWith(child.label, at)) return found;
      node = child;
      at += child.label.length;
    }
  }
}

function sharedLength(a: string, b: string): number {
  const max = Math.min(a.length, b.length);
  let at = 0;
  while (at < max && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at;
}

/** Puts a node between a parent and its child, at which their prefixes part. */
function split<T>(parent: Node<T>, child: Node<T>, at: number): Node<T> {
  const between: Node<T> = { label: child.label.slice(0, at), items: [], children: new Map() };
  parent.children.set(between.label.charCodeAt(0), between);
  child.label = child.label.slice(at);
  between.children.set(child.label.charCodeAt(0), child);
  return between;
}
