/**
 * What the engine may use beyond the language itself: only what Node and every worker have alike.
 * The engine is compiled without the DOM library, so that a clock, a timer or the network cannot
 * slip in; text encoding is pure, and so it is let in here by name.
 */
declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: ArrayBuffer | ArrayBufferView): string;
}

interface ByteStream {
  readonly writable: {
    getWriter(): { write(bytes: Uint8Array): Promise<void>; close(): Promise<void> };
  };
  readonly readable: {
    getReader(): {
      read(): Promise<{ done: false; value: Uint8Array } | { done: true; value?: undefined }>;
      cancel(): Promise<void>;
    };
  };
}

declare class CompressionStream implements ByteStream {
  constructor(format: 'deflate-raw');
  readonly writable: ByteStream['writable'];
  readonly readable: ByteStream['readable'];
}

declare class DecompressionStream extends CompressionStream {}
