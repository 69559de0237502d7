/** Where the page starts: styles, the offline copy, and React on #root. */
import './fonts.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { keepOffline } from './offline.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <main>
      <h1>See what a database does with your bytes</h1>
    </main>
  </StrictMode>,
);
keepOffline();
