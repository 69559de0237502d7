/** Where the page starts: styles, the doors to the engine, React on #root, and the offline copy. */
import './tokens.css';
import './fonts.css';
import './base.css';
import '../panels/preferences.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { DoorsContext } from './doors.ts';
import { keepOffline } from './offline.ts';
import { doors } from './real-doors.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <DoorsContext value={doors}>
      <App />
    </DoorsContext>
  </StrictMode>,
);
keepOffline();
