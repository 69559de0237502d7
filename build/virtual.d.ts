// Modules that exist only while building.

/** The shipped scenarios, from build/scenarios.mjs. */
declare module 'virtual:scenarios' {
  export const scenarios: readonly {
    readonly name: string;
    readonly lab: string;
    readonly title: string;
    readonly text: string;
  }[];
}

declare module 'virtual:scenario-list' {
  export const list: readonly {
    readonly name: string;
    readonly lab: string;
    readonly title: string;
  }[];
}

/** The engine's sources, coloured, from build/sources-plugin.ts. */
declare module 'virtual:sources' {
  export interface SourceText {
    /** A line: pairs of a token's class and its text. */
    readonly lines: readonly (readonly (readonly [string, string])[])[];
    /** Lines from 1, inclusive. */
    readonly functions: Readonly<
      Record<string, { readonly doc: number; readonly from: number; readonly to: number }>
    >;
  }
  export const sources: Readonly<Record<string, () => Promise<SourceText>>>;
}
