// The vessel: a round window, half under water. Its colours follow the theme.

export function Logo({ size = 24 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" className="vessel">
      <circle className="vessel-hull" cx="12" cy="12" r="10.5" />
      <circle className="vessel-lamp" cx="12" cy="12" r="6.6" />
      <path
        className="vessel-water"
        d="M5.4 12.6c2.2-1.5 4.4-1.5 6.6 0s4.4 1.5 6.6 0a6.6 6.6 0 0 1-13.2 0z"
      />
    </svg>
  );
}
