/** The nonce with which this page may add styles: the server writes a fresh one into every page. */

export const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

// Dialogs lock the page's scrolling with a style of their own; their library asks for the nonce by this name.
Object.assign(globalThis, { __webpack_nonce__: nonce });
