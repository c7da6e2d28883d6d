// Markdown as GitHub renders it: the same anchors, tables, diagrams and highlighted code.
import { renderMermaidSVG } from 'beautiful-mermaid';
import GithubSlugger from 'github-slugger';
import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import diff from 'highlight.js/lib/languages/diff';
import dockerfile from 'highlight.js/lib/languages/dockerfile';
import ini from 'highlight.js/lib/languages/ini';
import json from 'highlight.js/lib/languages/json';
import typescript from 'highlight.js/lib/languages/typescript';
import yaml from 'highlight.js/lib/languages/yaml';
import MarkdownIt from 'markdown-it';

for (const [name, language] of Object.entries({ bash, diff, dockerfile, ini, json, typescript, yaml }))
  hljs.registerLanguage(name, language);
hljs.registerAliases(['sh', 'console'], { languageName: 'bash' });

/**
 * Renders a document. `resolve` gets each relative target and returns that of the page, or `undefined` to show only the
 * text of the link. Returns the HTML, the headings `{ level, id, text }`, the anchors, the targets of links and images,
 * and the plain text of each heading's section.
 */
export function render(text, resolve) {
  const markdown = new MarkdownIt({ html: true, highlight });
  const tokens = markdown.parse(text, {});
  const { headings, sections } = addAnchors(tokens);
  const targets = [];
  const rewrite = (target) => {
    targets.push(target);
    return /^(https?:|mailto:)/.test(target) ? target : resolve(target);
  };
  for (const token of tokens) {
    if (token.type === 'html_block') token.content = rewriteHtml(token.content, rewrite);
    if (token.type === 'inline') rewriteInline(token.children, rewrite);
  }
  const html = markdown.renderer.render(tokens, markdown.options, {});
  return {
    html: html.replaceAll('<table>', '<div class="wide"><table>').replaceAll('</table>', '</table></div>'),
    headings,
    anchors: new Set(headings.map(({ id }) => id)),
    targets,
    sections,
  };
}

function addAnchors(tokens) {
  const slugger = new GithubSlugger();
  const headings = [];
  const sections = [];
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'heading_open') {
      const text = textOf(tokens[index + 1]);
      const id = slugger.slug(text);
      token.attrSet('id', id);
      headings.push({ level: Number(token.tag.slice(1)), id, text });
      sections.push({ id, title: text, text: '' });
    } else if (sections.length > 0 && tokens[index - 1]?.type !== 'heading_open') {
      if (token.type === 'inline') sections.at(-1).text += `${textOf(token)}\n`;
      if (token.type === 'fence' && token.info !== 'mermaid') sections.at(-1).text += token.content;
    }
  }
  return { headings, sections };
}

function textOf(token) {
  return (token.children ?? [])
    .map((child) =>
      child.type === 'softbreak' ? ' ' : ['text', 'code_inline'].includes(child.type) ? child.content : '',
    )
    .join('');
}

function rewriteInline(children, rewrite) {
  const open = [];
  for (const child of children) {
    if (child.type === 'link_open') {
      const target = rewrite(child.attrGet('href'));
      open.push(target === undefined ? 'span' : 'a');
      if (target !== undefined) child.attrSet('href', target);
      else Object.assign(child, { tag: 'span', attrs: [] });
    } else if (child.type === 'link_close') {
      child.tag = open.pop();
    } else if (child.type === 'image') {
      child.attrSet('src', rewrite(child.attrGet('src')));
    } else if (child.type === 'html_inline') {
      child.content = rewriteHtml(child.content, rewrite);
    }
  }
}

function rewriteHtml(html, rewrite) {
  return html.replace(/\b(src|srcset|href)="([^"]+)"/g, (_, name, target) => `${name}="${rewrite(target)}"`);
}

function highlight(code, language) {
  if (language === 'mermaid') return `<pre class="diagram">${diagram(code)}</pre>`;
  const known = hljs.getLanguage(language) !== undefined;
  return known ? hljs.highlight(code, { language }).value : '';
}

/** The colours are those of the page, and no font is loaded. */
function diagram(code) {
  const options = { bg: 'var(--ground)', fg: 'var(--text)', transparent: true };
  return renderMermaidSVG(code, options).replace(/@import url\([^)]*\);/, '');
}
