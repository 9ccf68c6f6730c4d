// The picture of a small plan, as it was looked at. Look at the new one before changing it.
#pragma once

namespace logbraid::test {

// clang-format off
inline constexpr const char* kSmallPlanSvg =
    R"svg(<svg xmlns="http://www.w3.org/2000/svg" width="608" height="270" viewBox="0 0 608 270" role="img" font-family="ui-sans-serif, system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif">
<title>Plan of 4 enrichers in 2 groups</title>
<rect width="608" height="270" rx="8" fill="#ffffff"/>
<defs><marker id="declared" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.8 L8 4 L0 7.2 z" fill="#3c4350"/></marker><marker id="inferred" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.8 L8 4 L0 7.2 z" fill="#8089a0"/></marker></defs>
<text x="24.0" y="34.0" font-size="12" fill="#5b6475">group 1</text><line x1="24.0" y1="42.0" x2="142.6" y2="42.0" stroke="#d6dae3"/>
<text x="221.6" y="34.0" font-size="12" fill="#5b6475">group 2</text><line x1="221.6" y1="42.0" x2="340.3" y2="42.0" stroke="#d6dae3"/>
<path d="M142.6 87.0 C182.1 87.0 182.1 98.0 221.6 98.0" fill="none" stroke="#3c4350" stroke-width="1.4" marker-end="url(#declared)"><title>geo → risk: requires</title></path>
<path d="M142.6 149.0 C182.1 149.0 182.1 107.0 221.6 107.0" fill="none" stroke="#3c4350" stroke-width="1.4" marker-end="url(#declared)"><title>login → risk: dependencies</title></path>
<path d="M142.6 149.0 C182.1 149.0 182.1 164.5 221.6 164.5" fill="none" stroke="#8089a0" stroke-width="1.4" stroke-dasharray="5 3" marker-end="url(#inferred)"><title>login → plan: reads user.id</title></path>
<g><title>geo (geoip · inline)</title><rect x="24.0" y="64.0" width="118.6" height="46.0" rx="6" fill="#e3f1e6" stroke="#3a8f55" stroke-width="1.2"/><text x="38.0" y="83.0" font-size="13" font-weight="600" fill="#1d2330">geo</text><text x="38.0" y="99.0" font-size="11" fill="#5b6475">geoip · inline</text></g>
<g><title>login (function · auto)</title><rect x="24.0" y="126.0" width="118.6" height="46.0" rx="6" fill="#f1e8f7" stroke="#8a55ad" stroke-width="1.2"/><text x="38.0" y="145.0" font-size="13" font-weight="600" fill="#1d2330">login</text><text x="38.0" y="161.0" font-size="11" fill="#5b6475">function · auto</text></g>
<g><title>risk (function · pool): a score from 0 to 1</title><rect x="221.6" y="79.5" width="118.6" height="46.0" rx="6" fill="#fdeccf" stroke="#c07a12" stroke-width="1.2"/><text x="235.6" y="98.5" font-size="13" font-weight="600" fill="#1d2330">risk</text><text x="235.6" y="114.5" font-size="11" fill="#5b6475">function · pool</text></g>
<g><title>plan (geoip · inline)</title><rect x="221.6" y="141.5" width="118.6" height="46.0" rx="6" fill="#e3f1e6" stroke="#3a8f55" stroke-width="1.2"/><text x="235.6" y="160.5" font-size="13" font-weight="600" fill="#1d2330">plan</text><text x="235.6" y="176.5" font-size="11" fill="#5b6475">geoip · inline</text></g>
<rect x="24.0" y="209.5" width="14" height="11" rx="2.5" fill="#e3f1e6" stroke="#3a8f55"/><text x="44.0" y="219.5" font-size="11" fill="#5b6475">inline</text>
<rect x="93.0" y="209.5" width="14" height="11" rx="2.5" fill="#fdeccf" stroke="#c07a12"/><text x="113.0" y="219.5" font-size="11" fill="#5b6475">pool</text>
<rect x="154.1" y="209.5" width="14" height="11" rx="2.5" fill="#f1e8f7" stroke="#8a55ad"/><text x="174.1" y="219.5" font-size="11" fill="#5b6475">auto</text>
<path d="M215.2 215.5 h28" stroke="#3c4350" stroke-width="1.4" marker-end="url(#declared)"/><text x="249.2" y="219.5" font-size="11" fill="#5b6475">declared</text>
<path d="M318.4 215.5 h28" stroke="#8089a0" stroke-width="1.4" stroke-dasharray="5 3" marker-end="url(#inferred)"/><text x="352.4" y="219.5" font-size="11" fill="#5b6475">reads what it writes</text>
<text x="24.0" y="245.5" font-size="12" fill="#5b6475">left out: nightly (environment is development, not production)</text>
</svg>
)svg";
// clang-format on

}  // namespace logbraid::test
